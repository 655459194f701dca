import { mergeConfig } from 'vitest/config';
import shared from '../../vitest.shared.ts';

/** Every test here starts processes, and a busy machine starts them slowly. */
export default mergeConfig(shared, { test: { testTimeout: 120_000 } });
