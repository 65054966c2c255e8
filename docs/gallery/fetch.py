"""Fetches so many URLs of a server: HOW=sync one after another, HOW=async at once."""

import asyncio
import http.client
import os
import sys
import time

SERVER, URLS = sys.argv[1], int(sys.argv[2])
HOST, PORT = SERVER.split(":")


def fetch():
    connection = http.client.HTTPConnection(SERVER)
    connection.request("GET", "/")
    answer = connection.getresponse()
    answer.read()
    connection.close()
    assert answer.status == 200


async def fetch_async():
    reader, writer = await asyncio.open_connection(HOST, PORT)
    writer.write(f"GET / HTTP/1.1\r\nHost: {SERVER}\r\nConnection: close\r\n\r\n".encode())
    answer = await reader.read()
    writer.close()
    assert answer.startswith(b"HTTP/1.1 200 ")


async def fetch_all():
    await asyncio.gather(*(fetch_async() for _ in range(URLS)))


began = time.perf_counter()
if os.environ["HOW"] == "sync":
    for _ in range(URLS):
        fetch()
else:
    asyncio.run(fetch_all())
print(f'{{"ms": {1000 * (time.perf_counter() - began):.1f}}}')
