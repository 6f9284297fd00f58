import pytest
from command_support import write_corpus_set


@pytest.fixture
def write_set():
    return write_corpus_set
