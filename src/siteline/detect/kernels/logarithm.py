"""Natural logarithms of many numbers at once, in vector instructions, which the C library's are not."""

from __future__ import annotations

import numpy as np

from siteline.compiled import vectorised
from siteline.detect.kernels.lanes import LANES

_ROOT_HALF = 0x3FE6A09E667F3BCD
_ONE = 0x3FF0000000000000
_MANTISSA = 0x000FFFFFFFFFFFFF
_LN2 = 0.6931471805599453


@vectorised
def logarithms(values, numbers, bits, powers, out, M):
    """``out[:M]`` = ln(values[:M]) for normal numbers above 0, Float64[look, lane], to about 1e-15.

    A number is 2^e m with m between the roots of 1/2 and 2; ln m = 2 artanh((m - 1) / (m + 1)), whose series ends after nine
    terms. ``numbers``: Float64[lane], ``bits``: the same memory as Int64; ``powers``: Float64[lane], scratch.
    """
    for j in range(M):
        for l in range(LANES):
            numbers[l] = values[j, l]
        for l in range(LANES):
            shifted = bits[l] + np.int64(_ONE - _ROOT_HALF)
            powers[l] = np.float64((shifted >> np.int64(52)) - np.int64(1023))
            bits[l] = (shifted & np.int64(_MANTISSA)) + np.int64(_ROOT_HALF)
        for l in range(LANES):
            s = (numbers[l] - 1.0) / (numbers[l] + 1.0)
            z = s * s
            series = 1.0 / 15.0 + z * (1.0 / 17.0)
            series = 1.0 / 11.0 + z * (1.0 / 13.0 + z * series)
            series = 1.0 / 7.0 + z * (1.0 / 9.0 + z * series)
            series = 1.0 / 3.0 + z * (1.0 / 5.0 + z * series)
            out[j, l] = powers[l] * _LN2 + 2.0 * s * (1.0 + z * series)
