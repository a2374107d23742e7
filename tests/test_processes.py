"""Work in several processes: deaths, timeouts, messages and results, and nobody who works on for nobody."""

import os
import signal
import subprocess
import sys
import time

import pytest
from living import alive

from zsar.errors import ZsarError
from zsar.processes import LONGEST_MESSAGE, ProcessDied, as_completed, in_order, send

_begun = None


def begin(word):
    global _begun
    _begun = word


def double(number, sleep=0.0):
    time.sleep(sleep)
    return 2 * number


def odd_ones_die(number):
    if number % 2:
        os.kill(os.getpid(), signal.SIGKILL)
    return number


def odd_ones_leave(number):
    if number % 2:
        os._exit(0)
    return number


def fail(number):
    raise ZsarError(f"number {number}", "A hint.")


def word_there():
    return _begun


def report(count):
    for number in range(count):
        send((os.getpid(), number))
    return count


def shout():
    send("x" * LONGEST_MESSAGE)


def outcomes(pairs) -> dict:
    return {key: future.exception() or future.result() for key, future in pairs}


@pytest.mark.slow
@pytest.mark.parametrize("end", [odd_ones_die, odd_ones_leave])
def test_a_death_is_its_own_tasks_alone(end):
    ended = outcomes(as_completed(end, {n: (n,) for n in range(7)}, workers=2))
    assert {n for n, result in ended.items() if isinstance(result, ProcessDied)} == {1, 3, 5}
    assert {n: result for n, result in ended.items() if n % 2 == 0} == {0: 0, 2: 2, 4: 4, 6: 6}
    assert "--jobs 1" in ended[1].message


def die_once(marker):
    if not os.path.exists(marker):
        open(marker, "w").close()
        os.kill(os.getpid(), signal.SIGKILL)


def always_die():
    os.kill(os.getpid(), signal.SIGKILL)


@pytest.mark.slow
def test_a_death_before_any_task_was_taken_takes_none_along(tmp_path):
    tasks, marker = {n: (n,) for n in range(4)}, str(tmp_path / "died")
    ended = outcomes(as_completed(double, tasks, workers=1, begin=die_once, arguments=(marker,)))
    assert ended == {n: 2 * n for n in range(4)} and os.path.exists(marker)
    ended = outcomes(as_completed(double, tasks, workers=1, begin=always_die))
    assert ended.keys() == tasks.keys() and all(isinstance(result, ProcessDied) for result in ended.values())


@pytest.mark.slow
def test_a_task_that_takes_too_long_is_ended_and_the_others_go_on():
    tasks = {"slow": (1, 60.0), "quick": (2,), "other": (3,)}
    ended = outcomes(as_completed(double, tasks, workers=2, timeout=6.0))
    assert isinstance(ended["slow"], TimeoutError) and (ended["quick"], ended["other"]) == (4, 6)


@pytest.mark.slow
def test_errors_come_as_they_were_raised_and_processes_begin_as_they_are_told():
    [(_, future)] = as_completed(fail, {0: (5,)}, workers=1)
    with pytest.raises(ZsarError, match="number 5") as error:
        future.result()
    assert error.value.hint == "A hint."
    [(_, future)] = as_completed(word_there, {0: ()}, workers=1, begin=begin, arguments=("word",))
    assert future.result() == "word"


@pytest.mark.slow
def test_messages_arrive_in_order_and_before_the_tasks_end():
    messages, ended = [], {}
    for key, future in as_completed(report, {n: (50,) for n in range(3)}, workers=2, on_message=messages.append):
        ended[key] = len(messages)
        assert future.result() == 50
    assert len(messages) == 150 and min(ended.values()) >= 50 and os.getpid() not in {pid for pid, _ in messages}
    for pid in {pid for pid, _ in messages}:
        numbers = [number for of, number in messages if of == pid]
        assert numbers == list(range(50)) * (len(numbers) // 50)
    [(_, future)] = as_completed(shout, {0: ()}, workers=1)
    with pytest.raises(ValueError, match="too long"):
        future.result()


@pytest.mark.slow
def test_results_come_in_the_tasks_order_and_tasks_are_taken_as_they_are_needed():
    taken = []

    def tasks():
        for number in range(30):
            taken.append(number)
            yield number, 0.2 * (number == 0)

    results = []
    for result in in_order(double, tasks(), workers=2):
        results.append(result)
        assert len(taken) <= len(results) + 5
    assert results == [2 * n for n in range(30)]
    with pytest.raises(ProcessDied):
        list(in_order(odd_ones_die, ((n,) for n in range(5)), workers=2))


MODULE = """
import os, time

def sleep(path):
    with open(path, "w") as note:
        note.write(str(os.getpid()))
    time.sleep(600)
"""
SCRIPT = """
import sys
from asleep import sleep
from zsar.processes import as_completed

for _, future in as_completed(sleep, {n: (sys.argv[1 + n],) for n in range(2)}, workers=2):
    future.result()
"""


@pytest.mark.slow
@pytest.mark.skipif(not os.path.exists("/proc/self/stat"), reason="needs Linux' /proc")
@pytest.mark.parametrize("kill", [signal.SIGKILL, signal.SIGINT])
def test_a_script_needs_no_guard_and_no_process_outlives_the_one_that_started_it(tmp_path, kill):
    script, notes = tmp_path / "script.py", [tmp_path / "a", tmp_path / "b"]
    script.write_text(SCRIPT)
    (tmp_path / "asleep.py").write_text(MODULE)
    unmask = lambda: signal.signal(signal.SIGINT, signal.SIG_DFL)
    running = subprocess.Popen([sys.executable, script, *notes], stderr=subprocess.PIPE, preexec_fn=unmask)
    end = time.monotonic() + 120
    while not all(note.exists() and note.read_text() for note in notes) and time.monotonic() < end:
        time.sleep(0.05)
    workers = [int(note.read_text()) for note in notes]
    running.send_signal(kill)
    running.communicate(timeout=120)
    end = time.monotonic() + 120
    while any(map(alive, workers)) and time.monotonic() < end:
        time.sleep(0.05)
    assert not any(map(alive, workers))
