# Compiler flags of this folder alone. -O3 unrolls the tiles, which are written as loops; gcc would
# halve the vectors for fear of a lower clock that CPUs since Ice Lake and Zen 4 do not have.
ARCH_avx512  := x86_64
FLAGS_avx512 := -O3 -mavx512f -mavx512bw -mavx512dq -mavx512vl -mavx512cd -mfma \
                -mprefer-vector-width=512
