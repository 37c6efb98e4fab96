-- Every loan paid out, as known now, with its amounts written in rupees: the columns of
-- `portfolio --by loan --format csv`. rupees[x] and days_late[d] are put in for each database.
SELECT ref, disbursed_on, rupees[disbursed], rupees[paid], rupees[credit], rupees[outstanding],
       rupees[due], rupees[arrears],
       rupees[CASE WHEN paid > due THEN paid - due ELSE 0 END],
       days,
       CASE WHEN days >= 180 THEN '180+' WHEN days >= 90 THEN '90-179' WHEN days >= 60 THEN '60-89'
            WHEN days >= 30 THEN '30-59' WHEN days >= 1 THEN '1-29' ELSE 'current' END,
       CASE WHEN days >= 180 THEN 'loss' WHEN days >= 90 THEN 'doubtful'
            WHEN days >= 60 THEN 'substandard' WHEN days >= 30 THEN 'oaem' ELSE 'regular' END
FROM (
    SELECT id, ref, disbursed_on, disbursed, paid, outstanding, due,
           applied - paid + CASE WHEN recovered > written_off THEN recovered - written_off
                                 ELSE 0 END + credited - refunded AS credit,
           CASE WHEN oldest_unpaid_due_on <= :as_of THEN due - paid ELSE 0 END AS arrears,
           CASE WHEN oldest_unpaid_due_on <= :as_of THEN days_late[oldest_unpaid_due_on]
                ELSE 0 END AS days
    FROM (
        SELECT l.id, l.ref, p.*,
               p.disbursed - p.waived - p.written_off - p.outstanding AS paid,
               CASE
                   WHEN v.base_amount IS NULL THEN (
                       SELECT COALESCE(MAX(i.due_total), 0) FROM instalment AS i
                       WHERE i.version_id = v.id AND i.due_on <= :as_of)
                   WHEN v.step_days IS NULL AND :key < v.first_month * 32 + v.due_day THEN 0
                   WHEN v.step_days IS NULL
                       AND (:key - v.first_month * 32 - v.due_day) / (v.step_months * 32) + 1
                           < v.instalment_count
                       THEN ((:key - v.first_month * 32 - v.due_day) / (v.step_months * 32) + 1)
                           * v.base_amount
                   WHEN v.step_days IS NULL THEN p.disbursed
                   WHEN :number < v.first_day THEN 0
                   WHEN (:number - v.first_day) / v.step_days + 1 < v.instalment_count
                       THEN ((:number - v.first_day) / v.step_days + 1) * v.base_amount
                   ELSE p.disbursed
               END AS due
        FROM loan_position AS p
        JOIN loan AS l ON l.id = p.loan_id
        JOIN schedule_version AS v ON v.id = p.version_id
        WHERE p.disbursed > 0
    ) AS loans
) AS late
ORDER BY id
