-- The book by sector, branch and gender on an earlier day, as known now: the facts of each
-- loan up to the day, the dimensions in force, the schedule in closed form, one GROUP BY.
-- unpaid: the oldest unpaid due date as one number, months counted * 32 + day or the day's
-- number; it is late by more than x days when it is at most :key_x or :number_x.
WITH sums AS (
    SELECT loan_id,
           COALESCE(SUM(amount) FILTER (WHERE kind = 'disbursement'), 0) AS disbursed,
           COALESCE(SUM(amount) FILTER (WHERE kind = 'receipt'), 0) AS applied,
           COALESCE(SUM(amount) FILTER (WHERE kind IN ('waiver', 'write_off')), 0) AS ended
    FROM loan_fact
    WHERE value_on <= :as_of
    GROUP BY loan_id
), loans AS (
    SELECT d.sector, d.branch_code, d.gender, l.borrower_id, v.base_amount, v.step_days,
           CAST(s.disbursed AS BIGINT) AS disbursed,
           CAST(CASE WHEN s.applied < s.disbursed - s.ended THEN s.applied
                     ELSE s.disbursed - s.ended END AS BIGINT) AS paid,
           CAST(CASE WHEN s.applied < s.disbursed - s.ended
                     THEN s.disbursed - s.ended - s.applied ELSE 0 END AS BIGINT) AS outstanding,
           v.id AS version_id, v.instalment_count, v.step_months * 32 AS step_key,
           v.first_month * 32 + v.due_day AS first_key, v.first_day
    FROM sums AS s
    JOIN loan AS l ON l.id = s.loan_id
    JOIN schedule_version AS v ON v.loan_id = s.loan_id AND v.number = 1
    JOIN loan_dimension AS d ON d.loan_id = s.loan_id AND d.from_on <= :as_of
    WHERE NOT EXISTS (
        SELECT 1 FROM loan_dimension AS n
        WHERE n.loan_id = d.loan_id AND n.from_on <= :as_of
          AND (n.from_on > d.from_on OR n.from_on = d.from_on AND n.id > d.id))
), dues AS MATERIALIZED (
    SELECT sector, branch_code, gender, borrower_id, paid, outstanding, step_days, base_amount,
           CASE
               WHEN base_amount IS NULL THEN (
                   SELECT COALESCE(MAX(i.due_total), 0) FROM instalment AS i
                   WHERE i.version_id = loans.version_id AND i.due_on <= :as_of)
               WHEN step_days IS NULL AND :key < first_key THEN 0
               WHEN step_days IS NULL AND (:key - first_key) / step_key + 1 < instalment_count
                   THEN ((:key - first_key) / step_key + 1) * base_amount
               WHEN step_days IS NULL THEN disbursed
               WHEN :number < first_day THEN 0
               WHEN (:number - first_day) / step_days + 1 < instalment_count
                   THEN ((:number - first_day) / step_days + 1) * base_amount
               ELSE disbursed
           END AS due,
           CASE
               WHEN outstanding = 0 OR base_amount IS NULL THEN NULL
               WHEN step_days IS NULL AND paid / base_amount < instalment_count - 1
                   THEN first_key + paid / base_amount * step_key
               WHEN step_days IS NULL THEN first_key + (instalment_count - 1) * step_key
               WHEN paid / base_amount < instalment_count - 1
                   THEN first_day + paid / base_amount * step_days
               ELSE first_day + (instalment_count - 1) * step_days
           END AS unpaid,
           CASE WHEN base_amount IS NULL AND outstanding > 0 THEN (
               SELECT MIN(i.due_on) FROM instalment AS i
               WHERE i.version_id = loans.version_id AND i.due_total > loans.paid)
           END AS unpaid_on
    FROM loans
), late AS (
    SELECT sector, branch_code, gender, borrower_id, paid, outstanding, due,
           CASE WHEN outstanding > 0 AND due > paid THEN due - paid ELSE 0 END AS arrears,
           CASE
               WHEN outstanding = 0 OR due <= paid THEN -1
               WHEN base_amount IS NULL THEN
                   CASE WHEN unpaid_on <= :day_180 THEN 180 WHEN unpaid_on <= :day_179 THEN 179
                        WHEN unpaid_on <= :day_90 THEN 90 WHEN unpaid_on <= :day_89 THEN 89
                        WHEN unpaid_on <= :day_60 THEN 60 WHEN unpaid_on <= :day_59 THEN 59
                        WHEN unpaid_on <= :day_30 THEN 30 WHEN unpaid_on <= :day_29 THEN 29
                        WHEN unpaid_on <= :day_0 THEN 0 ELSE -1 END
               WHEN step_days IS NULL THEN
                   CASE WHEN unpaid <= :key_180 THEN 180 WHEN unpaid <= :key_179 THEN 179
                        WHEN unpaid <= :key_90 THEN 90 WHEN unpaid <= :key_89 THEN 89
                        WHEN unpaid <= :key_60 THEN 60 WHEN unpaid <= :key_59 THEN 59
                        WHEN unpaid <= :key_30 THEN 30 WHEN unpaid <= :key_29 THEN 29
                        WHEN unpaid <= :key_0 THEN 0 ELSE -1 END
               ELSE
                   CASE WHEN unpaid <= :number_180 THEN 180 WHEN unpaid <= :number_179 THEN 179
                        WHEN unpaid <= :number_90 THEN 90 WHEN unpaid <= :number_89 THEN 89
                        WHEN unpaid <= :number_60 THEN 60 WHEN unpaid <= :number_59 THEN 59
                        WHEN unpaid <= :number_30 THEN 30 WHEN unpaid <= :number_29 THEN 29
                        WHEN unpaid <= :number_0 THEN 0 ELSE -1 END
           END AS days_over
    FROM dues
), measured AS (
    SELECT sector, branch_code, gender,
           COUNT(*) FILTER (WHERE outstanding > 0) AS active_loans,
           COUNT(DISTINCT CASE WHEN outstanding > 0 THEN borrower_id END) AS active_borrowers,
           CAST(SUM(outstanding) AS BIGINT) AS glp,
           CAST(SUM(arrears) AS BIGINT) AS arrears,
           CAST(COALESCE(SUM(outstanding) FILTER (WHERE days_over >= 0), 0) AS BIGINT) AS late_0,
           CAST(COALESCE(SUM(outstanding) FILTER (WHERE days_over >= 29), 0) AS BIGINT) AS late_29,
           CAST(COALESCE(SUM(outstanding) FILTER (WHERE days_over >= 30), 0) AS BIGINT) AS late_30,
           CAST(COALESCE(SUM(outstanding) FILTER (WHERE days_over >= 59), 0) AS BIGINT) AS late_59,
           CAST(COALESCE(SUM(outstanding) FILTER (WHERE days_over >= 60), 0) AS BIGINT) AS late_60,
           CAST(COALESCE(SUM(outstanding) FILTER (WHERE days_over >= 89), 0) AS BIGINT) AS late_89,
           CAST(COALESCE(SUM(outstanding) FILTER (WHERE days_over >= 90), 0) AS BIGINT) AS late_90,
           CAST(COALESCE(SUM(outstanding) FILTER (WHERE days_over >= 179), 0) AS BIGINT) AS late_179,
           CAST(COALESCE(SUM(outstanding) FILTER (WHERE days_over >= 180), 0) AS BIGINT) AS late_180,
           CAST(SUM(CASE WHEN paid < due THEN paid ELSE due END) AS BIGINT) AS collected,
           CAST(SUM(due) AS BIGINT) AS due
    FROM late
    GROUP BY sector, branch_code, gender
)
SELECT sector, branch_code, gender, active_loans, active_borrowers, glp, arrears,
       late_0, late_30, late_60, late_90, late_180,
       glp - late_0, late_0 - late_29, late_29 - late_59, late_59 - late_89, late_89 - late_179,
       late_179,
       glp - late_29, late_29 - late_59, late_59 - late_89, late_89 - late_179, late_179,
       collected, due
FROM measured
WHERE active_loans > 0
ORDER BY sector, branch_code, gender
