"""Secrets on the command line: they need not stand there, where other users of the machine can read them."""

import sys

import typer

ASK = "-"


def secret_from(text: str | None, words: str) -> str | None:
    """Give a secret as it is; for "-" ask for it without echo, or read a line where no terminal is."""
    if text != ASK:
        return text
    secret = typer.prompt(words, hide_input=True, err=True) if sys.stdin.isatty() else sys.stdin.readline().strip()
    if not secret:
        raise typer.BadParameter("there is no secret on standard input")
    return str(secret)
