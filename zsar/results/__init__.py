"""Records of runs, and what is made from them: tables, groups, comparisons with expected and published numbers."""

from zsar.results.collection import Results
from zsar.results.record import Record, read_record, read_records, write_record

__all__ = ["Record", "Results", "read_record", "read_records", "write_record"]
