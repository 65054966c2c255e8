"""Eight pieces of waiting (50 ms each) or computing: work.py waiting|computing, HOW=sequential, asyncio …"""

import asyncio
import os
import sys
import time
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor

PIECES = 8


def wait(_):
    time.sleep(0.05)


def compute(_):
    return sum(n * n for n in range(2_500_000))


async def wait_async():
    await asyncio.sleep(0.05)


async def compute_async():
    compute(0)


async def gather(piece):
    await asyncio.gather(*(piece() for _ in range(PIECES)))


def main(how, what):
    piece = wait if what == "waiting" else compute
    if how == "sequential":
        for n in range(PIECES):
            piece(n)
    elif how == "asyncio":
        asyncio.run(gather(wait_async if what == "waiting" else compute_async))
    else:
        pool = ThreadPoolExecutor if how == "threads" else ProcessPoolExecutor
        with pool(PIECES if what == "waiting" else os.cpu_count()) as workers:
            list(workers.map(piece, range(PIECES)))


if __name__ == "__main__":
    began = time.perf_counter()
    main(os.environ["HOW"], sys.argv[1])
    print(f'{{"ms": {1000 * (time.perf_counter() - began):.1f}}}')
