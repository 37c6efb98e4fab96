-- Staging tables loans, receipts and schedules hold the texts of the files, `line` their order.
INSERT INTO act (id, kind, actor, subject, command_digest, recorded_at)
SELECT MAX(id) + 1, 'import_book', 'bench', 'book loans.csv', '', :now FROM act;

CREATE TEMP TABLE this AS SELECT MAX(id) AS act_id FROM act;

INSERT INTO branch (code, name, act_id)
SELECT DISTINCT l.branch, l.branch, this.act_id FROM loans AS l CROSS JOIN this;

INSERT INTO person (id, ref, name, cnic, gender, birth_date, district, act_id)
SELECT ROW_NUMBER() OVER (ORDER BY MIN(line)), borrower_ref, MIN(borrower_name), MIN(cnic),
       MIN(gender), date[MIN(birth_date)], MIN(district), MIN(this.act_id)
FROM loans CROSS JOIN this GROUP BY borrower_ref ORDER BY 1;

INSERT INTO loan (id, ref, borrower_id, product_code, fund_code, principal, instalments_asked,
                  frequency, source, source_digest, act_id, recorded_at)
SELECT l.line, l.loan_ref, p.id, 'family_enterprise', 'general', CAST(l.principal AS bigint) * 100,
       CAST(l.instalments AS integer), l.frequency, 'import', l.cnic, this.act_id, :now
FROM loans AS l JOIN person AS p ON p.ref = l.borrower_ref CROSS JOIN this ORDER BY l.line;

-- Asked instalments of a principal, each rounded up to 100 rupees; the month of the first one.
CREATE TEMP TABLE terms AS
SELECT l.id AS loan_id, s.disbursed_on, s.frequency, s.first_due_on, l.principal,
       g.given,
       CASE WHEN s.frequency = 'single' THEN l.principal
            ELSE (l.principal + l.instalments_asked * 10000 - 1)
                 / (l.instalments_asked * 10000) * 10000 END AS base,
       l.instalments_asked AS asked,
       CAST(substr(s.disbursed_on, 1, 4) AS integer) * 12
           + CAST(substr(s.disbursed_on, 6, 2) AS integer)
           + CASE WHEN CAST(substr(s.disbursed_on, 9, 2) AS integer) > 10 THEN 1 ELSE 0 END
           AS month_after
FROM loans AS s JOIN loan AS l ON l.id = s.line
LEFT JOIN (SELECT loan_ref, COUNT(*) AS given FROM schedules GROUP BY loan_ref) AS g
    ON g.loan_ref = s.loan_ref;

INSERT INTO schedule_version (id, loan_id, number, effective_on, instalment_count, base_amount,
                              step_months, first_month, due_day, step_days, first_day,
                              act_id, recorded_at)
SELECT loan_id, loan_id, 1, date[disbursed_on],
       CASE WHEN given IS NOT NULL THEN given
            WHEN (principal + base - 1) / base < asked THEN (principal + base - 1) / base
            ELSE asked END,
       CASE WHEN given IS NULL THEN base END,
       CASE WHEN given IS NULL AND frequency <> 'weekly' THEN 1 END,
       CASE WHEN given IS NOT NULL OR frequency = 'weekly' THEN NULL
            WHEN frequency = 'single' THEN CAST(substr(first_due_on, 1, 4) AS integer) * 12
                 + CAST(substr(first_due_on, 6, 2) AS integer) - 1
            ELSE month_after END,
       CASE WHEN given IS NULL AND frequency <> 'weekly' THEN 10 END,
       CASE WHEN given IS NULL AND frequency = 'weekly' THEN 7 END,
       CASE WHEN given IS NULL AND frequency = 'weekly' THEN day_number[disbursed_on] + 7 END,
       this.act_id, :now
FROM terms CROSS JOIN this ORDER BY loan_id;

INSERT INTO instalment (version_id, number, due_on, amount, due_total)
WITH RECURSIVE numbers(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < 200)
SELECT v.id, n,
       CASE WHEN v.step_days IS NULL
            THEN day_of_month[v.first_month + (n - 1) * v.step_months, v.due_day]
            ELSE day_of_number[v.first_day + (n - 1) * v.step_days] END,
       CASE WHEN n < v.instalment_count THEN v.base_amount
            ELSE t.principal - (n - 1) * v.base_amount END,
       CASE WHEN n < v.instalment_count THEN n * v.base_amount ELSE t.principal END
FROM schedule_version AS v JOIN terms AS t ON t.loan_id = v.id
JOIN numbers ON n <= v.instalment_count
WHERE v.base_amount IS NOT NULL
ORDER BY v.id, n;

INSERT INTO instalment (version_id, number, due_on, amount, due_total)
SELECT l.id, CAST(s.number AS integer), date[s.due_on], CAST(s.amount AS bigint) * 100,
       SUM(CAST(s.amount AS bigint) * 100) OVER (PARTITION BY l.id ORDER BY CAST(s.number AS integer))
FROM schedules AS s JOIN loan AS l ON l.ref = s.loan_ref;

INSERT INTO loan_dimension (id, loan_id, from_on, branch_code, sector, activity, programme_code,
                            district, gender, act_id, recorded_at)
SELECT l.id, l.id, date[s.disbursed_on], s.branch, s.sector, NULLIF(s.activity, ''), 'general',
       NULLIF(s.district, ''), s.gender, this.act_id, :now
FROM loan AS l JOIN loans AS s ON s.line = l.id CROSS JOIN this ORDER BY l.id;

INSERT INTO number_series (branch_code, series, fiscal_year, last_number)
SELECT l.branch, 'I', :year, COUNT(*) FROM receipts AS r JOIN loans AS l ON l.loan_ref = r.loan_ref
GROUP BY l.branch;

INSERT INTO money_in (id, branch_code, fund_code, channel, account, reference, amount, received_on,
                      series_id, number, act_id, recorded_at)
SELECT r.line, l.branch, 'general', r.channel, 'import', r.receipt_ref,
       CAST(r.amount AS bigint) * 100, date[r.received_on], n.id,
       ROW_NUMBER() OVER (PARTITION BY l.branch ORDER BY r.line), this.act_id, :now
FROM receipts AS r JOIN loans AS l ON l.loan_ref = r.loan_ref
JOIN number_series AS n ON n.branch_code = l.branch AND n.series = 'I' CROSS JOIN this
ORDER BY r.line;

INSERT INTO loan_fact (id, loan_id, kind, amount, value_on, fund_code, contra, contra_branch,
                       act_id, recorded_at)
SELECT l.id, l.id, 'disbursement', l.principal, date[s.disbursed_on], 'general',
       'import_opening', s.branch, this.act_id, :now
FROM loan AS l JOIN loans AS s ON s.line = l.id CROSS JOIN this ORDER BY l.id;

INSERT INTO loan_fact (id, loan_id, kind, amount, value_on, fund_code, contra, contra_branch,
                       money_in_id, act_id, recorded_at)
SELECT m.id + (SELECT MAX(id) FROM loan), l.id, 'receipt', m.amount, m.received_on, 'general',
       'import_opening', m.branch_code, m.id, m.act_id, :now
FROM money_in AS m JOIN receipts AS r ON r.line = m.id JOIN loan AS l ON l.ref = r.loan_ref
ORDER BY m.id;

-- What is received beyond the principal is the borrower's: it takes a second line.
CREATE TEMP TABLE running AS
SELECT f.id, f.value_on, f.contra_branch, f.amount, f.kind, l.principal,
       SUM(CASE WHEN f.kind = 'receipt' THEN f.amount ELSE 0 END)
           OVER (PARTITION BY f.loan_id ORDER BY f.id) AS received
FROM loan_fact AS f JOIN loan AS l ON l.id = f.loan_id;

INSERT INTO journal_line (id, source, source_id, value_on, booked_on, branch_code, fund_code,
                          debit, credit, amount, act_id, recorded_at)
SELECT ROW_NUMBER() OVER (ORDER BY id, part), 'loan_fact', id, value_on, value_on, contra_branch,
       'general',
       CASE WHEN kind = 'disbursement' THEN 'loans' ELSE 'import_opening' END,
       CASE WHEN kind = 'disbursement' THEN 'import_opening'
            WHEN part = 1 THEN 'loans' ELSE 'borrower_credit' END,
       amount, this.act_id, :now
FROM (
    SELECT id, value_on, contra_branch, kind, 1 AS part,
           CASE WHEN received > principal THEN amount - (received - principal) ELSE amount END
               AS amount
    FROM running WHERE received - amount < principal OR kind = 'disbursement'
    UNION ALL
    SELECT id, value_on, contra_branch, kind, 2, received - principal
    FROM running WHERE received > principal
) AS lines CROSS JOIN this;

INSERT INTO loan_position (loan_id, borrower_id, product_code, branch_code, sector, activity,
                           programme_code, district, gender, version_id, disbursed_on, disbursed,
                           applied, waived, written_off, recovered, credited, refunded,
                           outstanding, oldest_unpaid_due_on, last_value_on)
SELECT l.id, l.borrower_id, l.product_code, d.branch_code, d.sector, d.activity, d.programme_code,
       d.district, d.gender, l.id, d.from_on, l.principal, s.applied, 0, 0, 0, 0, 0,
       CASE WHEN s.applied < l.principal THEN l.principal - s.applied ELSE 0 END,
       CASE WHEN s.applied < l.principal THEN (
           SELECT i.due_on FROM instalment AS i
           WHERE i.version_id = l.id AND i.due_total > s.applied ORDER BY i.number LIMIT 1) END,
       s.last_value_on
FROM loan AS l JOIN loan_dimension AS d ON d.id = l.id JOIN (
    SELECT loan_id, CAST(SUM(CASE WHEN kind = 'receipt' THEN amount ELSE 0 END) AS bigint) AS applied,
           MAX(value_on) AS last_value_on
    FROM loan_fact GROUP BY loan_id) AS s ON s.loan_id = l.id
ORDER BY l.id;

INSERT INTO audit_entry (chain, number, act_id, content_digest, mac)
SELECT 'head_office', MAX(number) + 1, (SELECT act_id FROM this), '', ''
FROM audit_entry WHERE chain = 'head_office';
