"""zsar's command line in the process of a test."""

from zsar.cli import main


def command(capsys, *arguments) -> tuple[int, str, str]:
    """Exit code, standard output and standard error of a command in this process."""
    try:
        code = main([str(a) for a in arguments])
    except SystemExit as e:
        code = e.code
    printed = capsys.readouterr()
    assert "Traceback" not in printed.err
    return code, printed.out, printed.err
