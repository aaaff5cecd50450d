/** What a detector's alarms are worth where what it looks for is rare. */

/** Shares of flows that are of the class, at which every detector is read off. */
export const PREVALENCES = [1e-3, 1e-4, 1e-5] as const;

/**
 * The share of alarms that are right where `prevalence` of all flows are of the class (Bayes' rule): the base-rate
 * fallacy in numbers (Axelsson, ACM CCS 1999). Null where nothing raises an alarm.
 *
 * @param tpr share of the class's flows that raise an alarm
 * @param fpr share of all other flows that do
 */
export function precisionAtPrevalence(tpr: number, fpr: number, prevalence: number): number | null {
  const right = tpr * prevalence;
  const wrong = fpr * (1 - prevalence);
  return right + wrong > 0 ? right / (right + wrong) : null;
}
