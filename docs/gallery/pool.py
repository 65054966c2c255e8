"""Does eight times 100 ms of blocking work in so many THREADS, and counts the loop's beats meanwhile."""

import asyncio
import os
import time
from concurrent.futures import ThreadPoolExecutor


async def main():
    loop = asyncio.get_running_loop()
    beats = 0

    async def beat():
        nonlocal beats
        while True:
            await asyncio.sleep(0.01)
            beats += 1

    began = time.perf_counter()
    heart = asyncio.create_task(beat())
    with ThreadPoolExecutor(max_workers=int(os.environ["THREADS"])) as pool:
        await asyncio.gather(*(loop.run_in_executor(pool, time.sleep, 0.1) for _ in range(8)))
    heart.cancel()
    print(f'{{"ms": {1000 * (time.perf_counter() - began):.1f}, "beats": {beats}}}')


asyncio.run(main())
