/** The program of a thread that crew.ts starts. */
import { workerData } from 'node:worker_threads';
import { type CrewData, serveCrew } from './crew.ts';

serveCrew(workerData as CrewData);
