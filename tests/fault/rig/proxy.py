"""A TCP proxy that misbehaves: cuts, delays, throttles, and swallows one direction or both, so that
each end takes the connection for alive."""
import asyncio
import contextlib
import dataclasses
import threading

CHUNK = 65536


@dataclasses.dataclass
class Way:
    """What happens to bytes of one direction. A stream that has lost bytes must end with cut()."""
    delay_s: float = 0.0
    bytes_per_s: float = 0.0  # 0: as fast as it goes
    swallow: bool = False


class Proxy:
    """A context manager; `port` is where it listens, on loopback."""

    def __init__(self, port, host="127.0.0.1"):
        self.target = (host, port)
        self.there = Way()   # towards the server
        self.back = Way()
        self.refuse = False  # new connections are closed at once
        self.connections = 0
        self.port = None
        self.loop = asyncio.new_event_loop()
        self.writers = set()
        self.thread = threading.Thread(target=self.loop.run_forever, daemon=True)

    def __enter__(self):
        self.thread.start()
        self.server = asyncio.run_coroutine_threadsafe(
            asyncio.start_server(self._serve, "127.0.0.1", 0), self.loop).result(10)
        self.port = self.server.sockets[0].getsockname()[1]
        return self

    def __exit__(self, *_):
        self.loop.call_soon_threadsafe(self.server.close)
        self.cut()
        self.loop.call_soon_threadsafe(self.loop.stop)
        self.thread.join(10)

    async def _serve(self, reader, writer):
        if self.refuse:
            writer.transport.abort()
            return
        try:
            far_reader, far_writer = await asyncio.open_connection(*self.target)
        except OSError:
            writer.transport.abort()
            return
        self.connections += 1
        both = {writer, far_writer}
        self.writers |= both
        try:
            await asyncio.gather(self._pump(reader, far_writer, self.there),
                                 self._pump(far_reader, writer, self.back))
        finally:
            self.writers -= both
            for each in both:
                each.transport.abort()

    async def _pump(self, reader, writer, way):
        with contextlib.suppress(OSError):
            while data := await reader.read(CHUNK):
                if way.swallow:
                    continue
                if way.delay_s:
                    await asyncio.sleep(way.delay_s)
                if way.bytes_per_s:
                    await asyncio.sleep(len(data) / way.bytes_per_s)
                writer.write(data)
                await writer.drain()
        writer.transport.abort()

    # -- The test's hands --
    def cut(self):
        """Every connection ends now, with a reset."""
        def abort():
            for writer in list(self.writers):
                writer.transport.abort()

        self.loop.call_soon_threadsafe(abort)

    def heal(self):
        for way in (self.there, self.back):
            way.delay_s = way.bytes_per_s = 0.0
            way.swallow = False
        self.refuse = False
