# Compiler flags of this folder alone: those of avx512 and the tiles.
ARCH_amx  := x86_64
FLAGS_amx  = $(FLAGS_avx512) -mamx-tile -mamx-int8
