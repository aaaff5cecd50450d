/** What analysts' tools call a label that is a risk: classification, severity and MITRE ATT&CK technique. */
import { fnv1a } from '../../core/prng.ts';

export interface Threat {
  /** Description of Suricata's class in its classification.config. */
  readonly category: string;
  /** Suricata's priority of that class: 1 is worst. */
  readonly severity: number;
  /** As rules of Emerging Threats name it. */
  readonly signatureSeverity: 'Informational' | 'Minor' | 'Major' | 'Critical';
  /** MITRE ATT&CK; null where a label says no technique. */
  readonly attack: Attack | null;
}

export interface Attack {
  readonly tactic: AttackName;
  readonly technique: AttackName;
}

interface AttackName {
  readonly id: string;
  readonly name: string;
  readonly reference: string;
}

const MINING: Threat = {
  // Class coin-mining.
  category: 'Crypto Currency Mining Activity Detected',
  severity: 2,
  signatureSeverity: 'Major',
  attack: {
    tactic: { id: 'TA0040', name: 'Impact', reference: 'https://attack.mitre.org/tactics/TA0040/' },
    technique: { id: 'T1496', name: 'Resource Hijacking', reference: 'https://attack.mitre.org/techniques/T1496/' },
  },
};

/** Of the positive label of a model of one's own: class bad-unknown. */
const OTHER: Threat = {
  category: 'Potentially Bad Traffic',
  severity: 2,
  signatureSeverity: 'Major',
  attack: null,
};

export function threatOf(label: string): Threat {
  return label === 'mining' ? MINING : OTHER;
}

/** Ids of rules from here up to 1,999,999 are for local use: no published rule set has them. */
const LOCAL_SIDS = 1_000_000;

/**
 * The id of the rule that a positive label stands for: the same for a label in every model and version, from 1,000,000 to
 * 1,999,999. FNV-1a (32 bits) of the label's UTF-16 code units, modulo a million.
 */
export function signatureId(label: string): number {
  return LOCAL_SIDS + ((fnv1a(label) >>> 0) % 1_000_000);
}

/** The name of that rule. */
export function signatureName(label: string): string {
  return `FLOWLAMP traffic classified as ${label}`;
}

/** Raised when what the rule means changes. */
export const SIGNATURE_REVISION = 1;
