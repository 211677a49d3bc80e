"""How much the faults do."""

REPORTS = 40
FEW = 6
KILLS = 3
APART = 4  # answers before and between faults
SAME = 10  # clients that send the same at once
ROUNDS = 4
