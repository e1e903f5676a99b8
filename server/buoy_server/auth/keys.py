"""Secrets of keys: hashed with argon2, which is slow on purpose, in threads of its own, and remembered for a moment.

An unknown namespace costs a hash like a known one, so that the time of an answer does not tell them apart at a glance.
"""

import asyncio
import hashlib
import secrets
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

from argon2 import PasswordHasher
from argon2.exceptions import VerificationError

from buoy_server.core.errors import Unavailable
from buoy_server.core.model import NamespaceKey

REMEMBERED_SECONDS = 60.0
_REMEMBERED = 1024
_THREADS = 2
MAX_LOOKING = 64
SEPARATOR = "~"  # in no name


class Keys:
    """Makes keys, and finds the one that a secret belongs to."""

    def __init__(self) -> None:
        self._hasher = PasswordHasher()
        self._threads = ThreadPoolExecutor(_THREADS, thread_name_prefix="argon2")
        self._nobody = self._hasher.hash(secrets.token_urlsafe())
        self._looking = 0
        self._remembered: dict[tuple[str, bytes], float] = {}

    async def make(self, name: str, secret: str, node: str = "") -> NamespaceKey:
        """Return a key with that secret, hashed, and a new nonce."""
        hashed = await asyncio.get_running_loop().run_in_executor(self._threads, self._hasher.hash, secret)
        return NamespaceKey(name=name, hash=hashed, nonce=secrets.token_hex(8), node=node)

    async def find(self, keys: Sequence[NamespaceKey], secret: str) -> NamespaceKey | None:
        """Return the key whose secret this is, or None; raises Unavailable where too many secrets wait to be looked at.

        A secret that the server made begins with its key's name, so that one look decides; the key of an agent has no other.
        """
        named = [key for key in keys if secret.startswith(f"{key.name}{SEPARATOR}")]
        keys = named or [key for key in keys if not key.node]
        digest = hashlib.sha256(secret.encode(errors="surrogatepass")).digest()
        for key in keys:
            if self._remembered.get((key.hash, digest), 0) > time.monotonic():
                return key
        if self._looking >= MAX_LOOKING:
            raise Unavailable("many log in at this moment: try again")
        self._looking += 1
        try:
            for key in keys:
                if await self._matches(key.hash, secret):
                    self._remember(key.hash, digest)
                    return key
            if not keys:
                await self._matches(self._nobody, secret)
        finally:
            self._looking -= 1
        return None

    def close(self) -> None:
        """End the threads."""
        self._threads.shutdown()

    async def _matches(self, hashed: str, secret: str) -> bool:
        def verify() -> bool:
            try:
                return self._hasher.verify(hashed, secret.encode(errors="surrogatepass"))
            except VerificationError:
                return False

        return await asyncio.get_running_loop().run_in_executor(self._threads, verify)

    def _remember(self, hashed: str, digest: bytes) -> None:
        if len(self._remembered) >= _REMEMBERED:
            self._remembered.clear()
        self._remembered[hashed, digest] = time.monotonic() + REMEMBERED_SECONDS


def new_secret(key_name: str) -> str:
    """Return a secret that nobody guesses: the key's name and 192 bits."""
    return f"{key_name}{SEPARATOR}{secrets.token_urlsafe(24)}"
