"""Fits of heads, several at a time."""

from concurrent.futures import ThreadPoolExecutor

from keras_relcon.cores import num_cores

# Each fit holds a few copies of its columns in float64.
MAX_THREADS = 4


def each_fit(fit, jobs):
    """Yields `fit(job)` for each job, in their order.

    Threads inside of a decomposition wait for one another: one fit a thread is
    several times faster.
    """
    from threadpoolctl import threadpool_limits

    num_threads = min(num_cores(), MAX_THREADS)
    with threadpool_limits(1), ThreadPoolExecutor(num_threads) as pool:
        yield from pool.map(fit, jobs)
