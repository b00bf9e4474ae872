// The script of every page. Each part looks for its own marks in the page and does nothing without
// them; pages work without any of it.
import { startAsk } from './ask';
import { startCase } from './case';
import { startDesk } from './desk';
import { startDrafts } from './draft';
import { startImages } from './images';
import { startLive } from './live';
import { startNotices } from './notice';
import { startPasskeys } from './passkey';
import { startPush } from './push';
import { startReveal } from './reveal';
import { startRing } from './ring';

startDrafts();
startAsk();
startLive();
startDesk();
startCase();
startImages();
startNotices();
startPush();
startRing();
startPasskeys();
startReveal();
