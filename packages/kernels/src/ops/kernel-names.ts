/** Names that our kernels are registered under in tfjs; an op asks for its kernel by name. */
export const embeddingKernel = "SeqEmbedding";
export const embeddingGradientKernel = "SeqEmbeddingGradient";
export const crossEntropyKernel = "SeqSoftmaxCrossEntropy";
export const crossEntropyGradientKernel = "SeqSoftmaxCrossEntropyGradient";
export const linearCrossEntropyKernel = "SeqLinearCrossEntropy";
export const dotAttentionKernel = "SeqDotAttention";
export const dotAttentionGradientKernel = "SeqDotAttentionGradient";
export const additiveAttentionKernel = "SeqAdditiveAttention";
export const additiveAttentionGradientKernel = "SeqAdditiveAttentionGradient";
export const layerNormKernel = "SeqLayerNorm";
export const layerNormGradientKernel = "SeqLayerNormGradient";
export const dropoutKernel = "SeqDropout";
export const linearCrossEntropyGradientKernel = "SeqLinearCrossEntropyGradient";
export const linearInt8Kernel = "SeqLinearInt8";
export const lstmStepInt8Kernel = "SeqLstmStepInt8";
export const gruStepInt8Kernel = "SeqGruStepInt8";
