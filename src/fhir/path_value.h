/* fhir/path_value.h - what the FHIRPath engine knows of values: System values of elements, equality and
 * order, dates, quantities, patterns; private to the room. */
#pragma once

#include "fhir/path_int.h"

enum path_order { ORDER_LESS = -1, ORDER_EQUAL = 0, ORDER_MORE = 1, ORDER_UNKNOWN = 2,
                  ORDER_NEVER = 3 /* these kinds cannot be compared */ };

/* values: path_value.c */
bool path_value(struct path_vm *vm, const struct path_item *item, struct path_item *ret_value);
/* As path_value, and a FHIR Quantity becomes a quantity. False: nothing but the item itself. */
MUST_USE enum err path_operand(struct path_vm *vm, const struct path_node *node,
                               const struct path_item *item, struct path_item *ret_value,
                               bool *ret_has);
bool path_is_type(struct path_vm *vm, const struct path_item *item,
                  const struct path_type_ref *type);
/* What else ofType() takes: a FHIR primitive for a System type, converted. */
bool path_as_type(struct path_vm *vm, const struct path_item *item,
                  const struct path_type_ref *type, struct path_item *ret_item);
struct str path_text(struct path_vm *vm, const struct path_item *value);
/* Writes a text that fits, gives where the next belongs: most are short, and calling memcpy costs more. */
static inline char *path_put(char *to, struct str s)
{
    if (s.n > 16) {
        memcpy(to, s.p, s.n);
        return to + s.n;
    }
    if (s.n >= 8) {
        uint64_t part[2];
        memcpy(&part[0], s.p, 8);
        memcpy(&part[1], s.p + s.n - 8, 8);
        memcpy(to, &part[0], 8);
        memcpy(to + s.n - 8, &part[1], 8);
        return to + s.n;
    }
    if (s.n >= 4) {
        uint32_t part[2];
        memcpy(&part[0], s.p, 4);
        memcpy(&part[1], s.p + s.n - 4, 4);
        memcpy(to, &part[0], 4);
        memcpy(to + s.n - 4, &part[1], 4);
    } else if (s.n > 0) {
        to[0] = s.p[0];
        to[s.n / 2] = s.p[s.n / 2];
        to[s.n - 1] = s.p[s.n - 1];
    }
    return to + s.n;
}
/* The digits of a number of few digits and no exponent, *ret_v * 10^-*ret_scale; *ret_point: it is written
 * with a point. False: it is longer. */
bool path_digits(const struct json_doc *doc, const struct json_node *n, int64_t *ret_v,
                 int *ret_scale, bool *ret_point);
/* A number of few digits, v * 10^-scale. */
struct path_small {
    int64_t v;
    int scale;
};
/* False: they are too far apart. */
bool path_small_order(struct path_small a, struct path_small b, enum path_order *ret_order);
/* A FHIR Quantity as a quantity. */
enum path_reading { PATH_READ, PATH_READ_NONE /* no value */, PATH_READ_COMPARED /* a comparator */ };
enum path_reading path_quantity_read(struct path_vm *vm, const struct path_item *item,
                                     struct path_quantity *ret_q);

/* equality: path_equal.c */
enum path_tri path_equal(struct path_vm *vm, const struct path_item *a, const struct path_item *b);
bool path_equivalent(struct path_vm *vm, const struct path_item *a, const struct path_item *b);
enum path_tri path_equal_lists(struct path_vm *vm, uint32_t a, uint32_t n_a, uint32_t b,
                               uint32_t n_b);
bool path_equivalent_lists(struct path_vm *vm, uint32_t a, uint32_t n_a, uint32_t b, uint32_t n_b);
/* Items that equal each other have the same key. */
uint32_t path_equal_key(struct path_vm *vm, const struct path_item *item);
/* Items of the stack found by equality: a table of chains, so that thousands of them are no square of
 * comparisons. Places are indexes of the stack; each item lies at or after first. */
struct path_set {
    uint32_t *heads; /* place + 1 by key; 0 none */
    uint32_t *next;  /* by place - first */
    uint32_t *keys;
    uint32_t first;
    uint32_t mask;
    uint32_t size;
};
enum { PATH_SET_FROM = 12 }; /* fewer items are compared one by one */
/* A set with room for n items. */
MUST_USE enum err path_set_init(struct path_vm *vm, struct path_set *set, uint32_t first, uint32_t n);
/* Whether an item equal to item is in it. */
bool path_set_has(struct path_vm *vm, const struct path_set *set, const struct path_item *item);
/* Adds the item at a place of the stack. */
void path_set_add(struct path_vm *vm, struct path_set *set, uint32_t place);
/* Whether equal to one of v[from..to): empty answers are no. */
bool path_among(struct path_vm *vm, const struct path_item *item, uint32_t from, uint32_t to);
/* Removes later items equal to earlier ones; those before sure are known not to be. */
MUST_USE enum err path_distinct(struct path_vm *vm, uint32_t base, uint32_t sure);
/* Order of two System values. */
enum path_order path_compare(struct path_vm *vm, const struct path_item *a,
                             const struct path_item *b);

/* comparisons from the tape: path_quick.c */
/* The order of an element and a System value. False: it must be found the long way. */
bool path_quick_order(struct path_vm *vm, const struct path_item *item,
                      const struct path_item *value, enum path_order *ret_order);
/* Whether they are equal, by the same rule. */
bool path_quick_equal(struct path_vm *vm, const struct path_item *item,
                      const struct path_item *value, enum path_tri *ret_tri);

/* The other case of a letter: Latin, Greek, Cyrillic with its Kazakh and Uzbek letters, Armenian. */
uint32_t path_lower(uint32_t c);
uint32_t path_upper(uint32_t c);

/* dates: path_date.c */
/* What stands after @ in an expression, or in a string: *ret_kind is PATH_DATE, PATH_DATE_TIME or
 * PATH_TIME. time_form: PATH_TIME expects hh[:mm[:ss[.f]]] without T. False when it is none. */
bool path_time_parse(struct str s, bool is_time, struct path_time *ret_t, enum path_kind *ret_kind);
/* The same of a whole date, yyyy-mm-dd, and nothing else. */
bool path_day_parse(struct str s, struct path_time *ret_t);
/* Bytes of s the longest date, dateTime or (with a leading T) time takes; 0 none. */
size_t path_time_scan(struct str s, struct path_time *ret_t, enum path_kind *ret_kind);
enum path_order path_time_compare(const struct path_time *a, const struct path_time *b);
void path_time_write(struct buf *b, const struct path_time *t, enum path_kind kind);
/* a plus (sign 1) or minus (-1) a quantity of time. False when the unit is none of time, or does not
 * fit a time of day. */
bool path_time_add(struct path_item *t, const struct path_quantity *q, int sign);
/* digits: 4 year, 6 month, 8 day, 10 hour, 12 minute, 14 second, 17 millisecond; times 2..9.
 * False: no such precision. */
bool path_time_boundary(const struct path_item *t, int digits, bool high,
                        struct path_item *ret_t);
int path_time_digits(const struct path_item *t);
struct path_time path_time_of_instant(struct instant now, int offset_min);

/* units: path_unit.c */
enum path_calendar { CAL_NONE, CAL_YEAR, CAL_MONTH, CAL_WEEK, CAL_DAY, CAL_HOUR, CAL_MINUTE,
                     CAL_SECOND, CAL_MILLI };
enum path_calendar path_calendar_word(struct str word);
/* The calendar unit of a UCUM code of time. */
enum path_calendar path_calendar_ucum(struct str code);
bool path_quantity_equivalent(struct path_vm *vm, const struct path_quantity *a,
                              const struct path_quantity *b);
enum path_order path_quantity_compare(struct path_vm *vm, const struct path_quantity *a,
                                      const struct path_quantity *b);
bool path_quantity_comparable(struct path_vm *vm, const struct path_quantity *a,
                              const struct path_quantity *b);
/* op: OP_ADD, OP_SUB, OP_MUL, OP_DIV. False: no result. */
bool path_quantity_op(struct path_vm *vm, enum path_op op, const struct path_quantity *a,
                      const struct path_quantity *b, struct path_quantity *ret_q);
bool path_quantity_convert(struct path_vm *vm, const struct path_quantity *q, struct str unit,
                           struct path_quantity *ret_q);
/* "1 'mg'", "4 days", "5": false when it is none. */
bool path_quantity_parse(struct str text, struct path_quantity *ret_q);
void path_quantity_write(struct buf *b, const struct path_quantity *q);

/* patterns that need no search: path_plain.c */
struct path_plain;
/* *ret_plain NULL: it is not so plain, or not bound to both ends of the text (full: it is, whatever it
 * says). */
MUST_USE enum err path_plain_new(struct req *rq, struct str pattern, bool full,
                                 const struct path_plain **ret_plain);
/* Whether the whole text meets it. What $ makes of a line's end at the end of the text is not known here. */
bool path_plain_fits(const struct path_plain *plain, struct str text);

/* regular expressions: path_regex.c */
/* Compiles the pattern of matches() and matchesFull() once, where it is a literal without flags; what is
 * no pattern is left for the evaluation to report. */
MUST_USE enum err path_regex_prepare(struct req *rq, struct path_node *node);
enum { PATH_REGEX_FULL = 1, PATH_REGEX_NO_CASE = 2, PATH_REGEX_LINES = 4 };
MUST_USE enum err path_regex_match(struct path_vm *vm, const struct path_node *node, struct str s,
                                   struct str pattern, unsigned flags, bool *ret_b);
MUST_USE enum err path_regex_replace(struct path_vm *vm, const struct path_node *node,
                                     struct str s, struct str pattern, struct str with,
                                     struct str *ret_s);
