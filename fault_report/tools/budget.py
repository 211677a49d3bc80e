"""A bound on the work that a file from outside may cause."""


class TooComplexError(ValueError):
    """A file asks for more steps than any honest one needs."""


class Budget:
    """Steps that are left for a piece of work.

    :ivar int left: how many
    """

    def __init__(self, steps):
        self.left = steps

    def spend(self, steps=1):
        """Take `steps` away.

        :raises TooComplexError: when there are not as many left
        """
        self.left -= steps
        if self.left < 0:
            raise TooComplexError

    def allows(self, steps):
        """Take `steps` away if there are as many left, and return whether."""
        if steps > self.left:
            return False
        self.left -= steps
        return True
