import { LocalPlatform } from '../../../jobs/platforms/local.js';
import { describePlatform } from '../../support/platforms/conformance.js';

describePlatform('local', { make: async (context) => new LocalPlatform(context, 0.3) });
