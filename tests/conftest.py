"""What all tests share."""

import gc

import pytest


def pytest_collection_finish():
    """Modules and thousands of tests stay until the end: the collector need not look at them again and again."""
    gc.collect()
    gc.freeze()


@pytest.fixture(params=["dot", "pygraphviz"])
def one_engine(request, monkeypatch):
    """Each engine alone, as if the other were not there."""
    from tinygrad_edu.drawing import layout

    find = layout.ENGINES[request.param]
    if find() is None:
        pytest.skip(f"the engine {request.param} is not installed here")
    monkeypatch.setattr(layout, "ENGINES", {request.param: find})
    return request.param


@pytest.fixture
def any_engine():
    from tinygrad_edu.drawing import layout

    if not any(find() for find in layout.ENGINES.values()):
        pytest.skip("no Graphviz engine is installed here")
