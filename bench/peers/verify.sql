-- The loans whose position is not what their facts add up to.
SELECT p.loan_id
FROM loan_position AS p
JOIN loan AS l ON l.id = p.loan_id
LEFT JOIN (
    SELECT loan_id,
           COALESCE(SUM(amount) FILTER (WHERE kind = 'disbursement'), 0) AS disbursed,
           COALESCE(SUM(amount) FILTER (WHERE kind = 'receipt'), 0) AS applied,
           COALESCE(SUM(amount) FILTER (WHERE kind = 'waiver'), 0) AS waived,
           COALESCE(SUM(amount) FILTER (WHERE kind = 'write_off'), 0) AS written_off,
           COALESCE(SUM(amount) FILTER (WHERE kind = 'recovery'), 0) AS recovered,
           COALESCE(SUM(amount) FILTER (WHERE kind = 'credit'), 0) AS credited,
           COALESCE(SUM(amount) FILTER (WHERE kind = 'refund'), 0) AS refunded,
           MAX(value_on) AS last_value_on,
           MAX(value_on) FILTER (WHERE kind = 'disbursement' AND amount > 0) AS disbursed_on
    FROM loan_fact
    GROUP BY loan_id
) AS s ON s.loan_id = p.loan_id
JOIN schedule_version AS v ON v.loan_id = p.loan_id
JOIN loan_dimension AS d ON d.loan_id = p.loan_id
WHERE NOT EXISTS (SELECT 1 FROM schedule_version AS n
                  WHERE n.loan_id = v.loan_id AND n.number > v.number)
  AND NOT EXISTS (SELECT 1 FROM loan_dimension AS n
                  WHERE n.loan_id = d.loan_id
                    AND (n.from_on > d.from_on OR n.from_on = d.from_on AND n.id > d.id))
  AND NOT (
      p.borrower_id = l.borrower_id AND p.product_code = l.product_code AND p.version_id = v.id
      AND p.branch_code = d.branch_code AND p.sector = d.sector AND p.gender = d.gender
      AND p.programme_code = d.programme_code
      AND COALESCE(p.officer, '') = COALESCE(d.officer, '')
      AND COALESCE(p.activity, '') = COALESCE(d.activity, '')
      AND COALESCE(p.district, '') = COALESCE(d.district, '')
      AND COALESCE(p.urban_rural, '') = COALESCE(d.urban_rural, '')
      AND p.disbursed = s.disbursed AND p.applied = s.applied AND p.waived = s.waived
      AND p.written_off = s.written_off AND p.recovered = s.recovered
      AND p.credited = s.credited AND p.refunded = s.refunded
      AND p.disbursed_on = s.disbursed_on
      AND p.last_value_on = CASE WHEN d.from_on > s.last_value_on THEN d.from_on
                                 ELSE s.last_value_on END
      AND p.outstanding = s.disbursed - s.waived - s.written_off
          - CASE WHEN s.applied < s.disbursed - s.waived - s.written_off THEN s.applied
                 ELSE s.disbursed - s.waived - s.written_off END
      AND CASE WHEN p.outstanding = 0 THEN p.oldest_unpaid_due_on IS NULL
               ELSE p.oldest_unpaid_due_on = (
                   SELECT i.due_on FROM instalment AS i
                   WHERE i.version_id = v.id AND i.due_total > s.applied
                   ORDER BY i.number LIMIT 1) END);

-- The branches and funds whose accounts differ from their detail: loans, credit, suspense.
SELECT account, branch_code, fund_code, SUM(amount)
FROM (
    SELECT debit AS account, branch_code, fund_code, amount FROM journal_line
    WHERE debit IN ('loans', 'borrower_credit', 'suspense')
    UNION ALL
    SELECT credit, branch_code, fund_code, -amount FROM journal_line
    WHERE credit IN ('loans', 'borrower_credit', 'suspense')
    UNION ALL
    SELECT 'loans', p.branch_code, l.fund_code, -p.outstanding
    FROM loan_position AS p JOIN loan AS l ON l.id = p.loan_id
    UNION ALL
    SELECT 'borrower_credit', p.branch_code, l.fund_code,
           p.applied - (p.disbursed - p.waived - p.written_off - p.outstanding)
               + CASE WHEN p.recovered > p.written_off THEN p.recovered - p.written_off ELSE 0 END
               + p.credited - p.refunded
    FROM loan_position AS p JOIN loan AS l ON l.id = p.loan_id
    UNION ALL
    SELECT 'suspense', branch_code, fund_code, amount FROM money_in WHERE account <> 'import'
    UNION ALL
    SELECT 'suspense', contra_branch, fund_code, -amount FROM loan_fact WHERE contra = 'suspense'
) AS both_sides
GROUP BY account, branch_code, fund_code
HAVING SUM(amount) <> 0
