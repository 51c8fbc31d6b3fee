"""Tests, and the kernels that they start, compute alike on every x86-64 machine."""

from tools import arithmetic

arithmetic.settle()
