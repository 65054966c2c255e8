"""Ten thousand tasks of 1 ms and 20 KB each, AT_ONCE so many of them."""

import asyncio
import os
import time


async def task(semaphore):
    async with semaphore:
        page = bytearray(20_000)
        await asyncio.sleep(0.001)
        return len(page)


async def main():
    began = time.perf_counter()
    semaphore = asyncio.Semaphore(int(os.environ["AT_ONCE"]))
    sizes = await asyncio.gather(*(task(semaphore) for _ in range(10_000)))
    assert sum(sizes) == 200_000_000
    print(f'{{"ms": {1000 * (time.perf_counter() - began):.1f}}}')


asyncio.run(main())
