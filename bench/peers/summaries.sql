-- What of a book must be the same, however it went in.
SELECT COUNT(*), COUNT(cnic), MIN(birth_date), MAX(district)
FROM person;

SELECT COUNT(*), SUM(principal), SUM(instalments_asked)
FROM loan;

SELECT COUNT(*), SUM(amount), SUM(due_total), MIN(due_on), MAX(due_on)
FROM instalment;

SELECT COUNT(*), SUM(instalment_count), SUM(base_amount), SUM(first_month), SUM(first_day)
FROM schedule_version;

SELECT branch_code, sector, gender, COUNT(*), MIN(from_on)
FROM loan_dimension
GROUP BY branch_code, sector, gender
ORDER BY 1, 2, 3;

SELECT branch_code, channel, COUNT(*), SUM(amount), SUM(number), MAX(received_on)
FROM money_in
GROUP BY branch_code, channel
ORDER BY 1, 2;

SELECT kind, contra, value_on, COUNT(*), SUM(amount)
FROM loan_fact
GROUP BY kind, contra, value_on
ORDER BY 1, 2, 3;

SELECT branch_code, debit, credit, value_on, COUNT(*), SUM(amount)
FROM journal_line
GROUP BY branch_code, debit, credit, value_on
ORDER BY 1, 2, 3, 4;

SELECT branch_code, sector, oldest_unpaid_due_on, COUNT(*), SUM(outstanding), SUM(applied), MAX(last_value_on), MIN(disbursed_on)
FROM loan_position
GROUP BY branch_code, sector, oldest_unpaid_due_on
ORDER BY 1, 2, 3;

SELECT branch_code, series, last_number
FROM number_series
ORDER BY 1, 2
