"""A limit for the cost of processing an uploaded file."""


class TooComplexError(ValueError):
    """A file needs more steps than any normal one."""


class Budget:
    """Number of steps left for a task.

    :ivar int left: the number
    """

    def __init__(self, steps):
        self.left = steps

    def spend(self, steps=1):
        """Use steps.

        :raises TooComplexError: if fewer are left
        """
        self.left -= steps
        if self.left < 0:
            raise TooComplexError

    def allows(self, steps):
        """Use steps if enough are left, and return whether they were."""
        if steps > self.left:
            return False
        self.left -= steps
        return True
