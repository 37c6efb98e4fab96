-- The book by sector, branch and gender as known now: one GROUP BY over the positions.
-- late_x: outstanding of the loans more than x days past due, whose oldest unpaid due date is
-- on or before :day_x.
SELECT sector, branch_code, gender, active_loans, active_borrowers, glp, arrears,
       late_0, late_30, late_60, late_90, late_180,
       glp - late_0, late_0 - late_29, late_29 - late_59, late_59 - late_89, late_89 - late_179,
       late_179,
       glp - late_29, late_29 - late_59, late_59 - late_89, late_89 - late_179, late_179,
       collected, due
FROM (
    SELECT sector, branch_code, gender,
           COUNT(*) FILTER (WHERE outstanding > 0) AS active_loans,
           COUNT(DISTINCT CASE WHEN outstanding > 0 THEN borrower_id END) AS active_borrowers,
           CAST(SUM(outstanding) AS BIGINT) AS glp,
           CAST(SUM(CASE WHEN oldest_unpaid_due_on <= :as_of THEN due - paid ELSE 0 END) AS BIGINT)
               AS arrears,
           CAST(COALESCE(SUM(outstanding) FILTER (WHERE oldest_unpaid_due_on <= :day_0), 0) AS BIGINT) AS late_0,
           CAST(COALESCE(SUM(outstanding) FILTER (WHERE oldest_unpaid_due_on <= :day_29), 0) AS BIGINT) AS late_29,
           CAST(COALESCE(SUM(outstanding) FILTER (WHERE oldest_unpaid_due_on <= :day_30), 0) AS BIGINT) AS late_30,
           CAST(COALESCE(SUM(outstanding) FILTER (WHERE oldest_unpaid_due_on <= :day_59), 0) AS BIGINT) AS late_59,
           CAST(COALESCE(SUM(outstanding) FILTER (WHERE oldest_unpaid_due_on <= :day_60), 0) AS BIGINT) AS late_60,
           CAST(COALESCE(SUM(outstanding) FILTER (WHERE oldest_unpaid_due_on <= :day_89), 0) AS BIGINT) AS late_89,
           CAST(COALESCE(SUM(outstanding) FILTER (WHERE oldest_unpaid_due_on <= :day_90), 0) AS BIGINT) AS late_90,
           CAST(COALESCE(SUM(outstanding) FILTER (WHERE oldest_unpaid_due_on <= :day_179), 0) AS BIGINT) AS late_179,
           CAST(COALESCE(SUM(outstanding) FILTER (WHERE oldest_unpaid_due_on <= :day_180), 0) AS BIGINT) AS late_180,
           CAST(SUM(CASE WHEN paid < due THEN paid ELSE due END) AS BIGINT) AS collected,
           CAST(SUM(due) AS BIGINT) AS due
    FROM (
        SELECT p.sector, p.branch_code, p.gender, p.borrower_id, p.outstanding,
               p.oldest_unpaid_due_on,
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
        FROM loan_position AS p JOIN schedule_version AS v ON v.id = p.version_id
        WHERE p.disbursed > 0
    ) AS loans
    GROUP BY sector, branch_code, gender
) AS measured
WHERE active_loans > 0
ORDER BY sector, branch_code, gender
