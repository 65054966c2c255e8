"""Sleeps 100 ms beside four beats of 25 ms: HOW=blocking the event loop, or HOW=awaiting."""

import asyncio
import os
import time


async def sleep():
    if os.environ["HOW"] == "blocking":
        time.sleep(0.1)
    else:
        await asyncio.sleep(0.1)


async def beat():
    for _ in range(4):
        await asyncio.sleep(0.025)


async def main():
    began = time.perf_counter()
    await asyncio.gather(sleep(), beat())
    print(f'{{"ms": {1000 * (time.perf_counter() - began):.1f}}}')


asyncio.run(main())
