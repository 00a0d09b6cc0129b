/** How hard a model is told to think; '' leaves it to the model. */
export const EFFORTS = ['', 'low', 'medium', 'high', 'xhigh', 'max'] as const;
