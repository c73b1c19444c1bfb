/* kernel_list.h - one line a slot: FID_SLOT(name, result type, parameter list). Included many
 * times; the contracts are in kernels.h. No include guard. */
FID_SLOT(gemm_f32, void, FID_GEMM_F32_ARGS)
FID_SLOT(depthwise_f32, void, FID_DEPTHWISE_F32_ARGS)
FID_SLOT(winograd_input_f32, void, FID_WINOGRAD_INPUT_F32_ARGS)
FID_SLOT(winograd_output_f32, void, FID_WINOGRAD_OUTPUT_F32_ARGS)
FID_SLOT(max_pool_f32, void, FID_MAX_POOL_F32_ARGS)
FID_SLOT(average_f32, void, FID_AVERAGE_F32_ARGS)
FID_SLOT(add_f32, void, FID_ADD_F32_ARGS)
FID_SLOT(affine_f32, void, FID_AFFINE_F32_ARGS)
FID_SLOT(dot_f32, float, FID_DOT_F32_ARGS)
FID_SLOT(dot_s8, int32_t, FID_DOT_S8_ARGS)
FID_SLOT(crc32c, uint32_t, FID_CRC32C_ARGS)
