-- The loan tape of the last closed month, from its frozen loans: those with a balance, and those
-- that had one at the end of the month before or were paid out since. The two names are hidden
-- by whoever writes the rows. rupees[x] is put in for each database.
SELECT :as_of, branch_code, district, borrower_id, gender, substr(CAST(birth_date AS text), 1, 4),
       urban_rural, ref,
       CASE WHEN outstanding > 0 THEN 'active' WHEN waived > 0 THEN 'waived'
            WHEN written_off > 0 THEN 'written_off' ELSE 'closed' END,
       cycle, programme_code, product_code, 'individual', sector,
       (SELECT MAX(s.recorded_at) FROM application_step AS s
        JOIN application_loan AS a ON a.application_id = s.application_id
        WHERE a.loan_id = tape.loan_id AND s.kind = 'approved'),
       rupees[principal], disbursed_on, rupees[disbursed], matures_on, instalment_count, frequency,
       rupees[outstanding], rupees[due], rupees[paid], rupees[arrears],
       rupees[CASE WHEN paid > due THEN paid - due ELSE 0 END], late_days,
       CASE WHEN outstanding > 0 THEN loan_class END,
       CASE WHEN outstanding > 0 THEN CASE loan_class
            WHEN 'loss' THEN '1.000000' WHEN 'doubtful' THEN '0.500000'
            WHEN 'substandard' THEN '0.250000' ELSE '0.000000' END END,
       rupees[provision], CASE WHEN number > 1 THEN 'yes' ELSE 'no' END, number - 1, '0.000000',
       (SELECT b.result FROM background_check AS b
        JOIN application_loan AS a ON a.application_id = b.application_id
        WHERE a.loan_id = tape.loan_id AND b.kind = 'bureau' ORDER BY b.id DESC LIMIT 1)
FROM (
    SELECT h.*, l.ref, l.principal, l.frequency, p.birth_date, v.number, v.instalment_count,
           i.due_on AS matures_on,
           CASE WHEN h.outstanding = 0 THEN 0 ELSE (h.outstanding * CASE h.loan_class
                WHEN 'loss' THEN 10000 WHEN 'doubtful' THEN 5000 WHEN 'substandard' THEN 2500
                ELSE 0 END + 5000) / 10000 END AS provision
    FROM (
        SELECT m.*, ROW_NUMBER() OVER (PARTITION BY borrower_id ORDER BY disbursed_on, loan_id)
               AS cycle
        FROM month_loan AS m
        WHERE close_id = (SELECT MAX(id) FROM month_close) AND disbursed > 0
    ) AS h
    JOIN loan AS l ON l.id = h.loan_id
    JOIN person AS p ON p.id = h.borrower_id
    JOIN schedule_version AS v ON v.loan_id = h.loan_id
    JOIN instalment AS i ON i.version_id = v.id AND i.number = v.instalment_count
    WHERE NOT EXISTS (SELECT 1 FROM schedule_version AS n
                      WHERE n.loan_id = v.loan_id AND n.number > v.number
                        AND n.effective_on <= :as_of)
      AND (h.outstanding > 0 OR (
           SELECT COALESCE(SUM(CASE WHEN f.kind = 'disbursement' THEN f.amount END), 0) = 0
                  OR SUM(CASE WHEN f.kind = 'disbursement' THEN f.amount
                              WHEN f.kind IN ('receipt', 'waiver', 'write_off') THEN -f.amount
                              ELSE 0 END) > 0
           FROM loan_fact AS f WHERE f.loan_id = h.loan_id AND f.value_on <= :before))
) AS tape
ORDER BY loan_id
