"""Mistakes a person can make, told in one sentence."""


class UserError(Exception):
    """A mistake of the caller: names the thing, what was expected, what was found and what to do. Printed alone."""
