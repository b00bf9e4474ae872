/* web/format.h - dates, times, ages, numbers and sizes as people of each language write them. */
#pragma once

#include "base/buf.h"
#include "base/req.h"

/* 22 ноя 2026 */
void format_date(struct buf *b, enum lang lang, const struct civil *c);
/* A FHIR date at its own precision: 2026, ноя 2026, 22 ноя 2026. Anything else is written as is. */
void format_date_text(struct buf *b, enum lang lang, struct str date);
/* 14:02 */
void format_time(struct buf *b, const struct civil *c);
/* Groups of three digits: 12 345, in English 12,345. */
void format_num(struct buf *b, enum lang lang, int64_t n);
/* Bytes, rounded to a tenth of the unit that fits: 1,4 МБ. */
void format_size(struct buf *b, enum lang lang, uint64_t bytes);
/* Its two greatest units, from minutes up: 2 д 3 ч, 1 ч 40 мин, 0 мин. The sign is dropped. */
void format_duration(struct buf *b, enum lang lang, int64_t ms);
/* Age on a day: years from two on, below that months, below two months days. Nothing when birth is
 * later than the day or is not a FHIR date. */
void format_age(struct buf *b, enum lang lang, struct str birth, const struct civil *today);
