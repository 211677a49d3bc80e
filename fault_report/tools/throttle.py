"""A limit for how often something is done, however often it is asked for."""

import logging
import threading
import time

_logger = logging.getLogger(__name__)


class Throttle:
    """Call functions at once, but at most once within an interval for each key.

    What is asked for within the interval is done once, at its end, in a thread: the
    last call is never dropped. Errors are logged.
    """

    def __init__(self, seconds):
        self.seconds = seconds
        self._lock = threading.Lock()
        # When each key may be called again, and the keys that wait for that
        self._free_at = {}
        self._waiting = set()

    def call(self, key, function):
        wait = self._get_wait(key)
        if wait == 0:
            self._run(key, function)
        elif wait:
            threading.Timer(wait, self._run, (key, function)).start()

    def _get_wait(self, key):
        """Return the seconds until the call, or None if another one is waiting."""
        with self._lock:
            if key in self._waiting:
                return None
            self._waiting.add(key)
            return max(self._free_at.get(key, 0) - time.monotonic(), 0)

    def _run(self, key, function):
        with self._lock:
            self._waiting.discard(key)
            self._free_at[key] = time.monotonic() + self.seconds
        try:
            function()
        # Asked for by many requests, none of which may fail for it
        except Exception:
            _logger.warning("Not done: %s", key, exc_info=True)
