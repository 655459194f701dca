import { mergeConfig } from 'vitest/config';
import shared from '../../vitest.shared.ts';

export default mergeConfig(shared, {
  test: {
    globalSetup: ['test/loop/build.ts'],
    // One browser at a time: several on two cores make each other late.
    fileParallelism: false,
    // Pages are closed before what they look at.
    sequence: { hooks: 'list' },
  },
});
