"""The arithmetic in which outputs are stored and tested: the same on every x86-64 machine.

NumPy and OpenBLAS choose their loops by the processor, and loops differ in the last bit. A
training of a thousand steps makes more of it: of 200 starts 147 arrive on one machine and 148 on
another. So whoever stores or tests outputs keeps to what a processor with AVX2 does, in one
thread: two divide a large sum otherwise.
"""

import os
import platform

# What goes beyond AVX2, as NumPy calls it from 2.4 on and as it did before.
_BEYOND = (
    "X86_V4 AVX512F AVX512CD AVX512_KNL AVX512_KNM AVX512_SKX AVX512_CLX AVX512_CNL AVX512_ICL "
    "AVX512_SPR"
)


def settle():
    """Set it in the environment, for NumPy and kernels that start after it."""
    os.environ.update(OMP_NUM_THREADS="1", OPENBLAS_NUM_THREADS="1")
    if platform.machine() in ("x86_64", "AMD64"):
        os.environ.update(OPENBLAS_CORETYPE="Haswell", NPY_DISABLE_CPU_FEATURES=_BEYOND)
