"""What all tests share."""

import gc


def pytest_collection_finish():
    """Modules and thousands of tests stay until the end: the collector need not look at them again and again."""
    gc.collect()
    gc.freeze()
