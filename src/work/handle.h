/* work/handle.h - a background thread's handle of the database: no such thread ends since it could not have
 * one when it started. */
#pragma once

#include "care/care.h"
#include "store/store.h"

enum { HANDLE_FIRST_MS = 250, HANDLE_MOST_MS = 60000 };

/* Waits ms, or less when there is something to stop for: true then. */
typedef bool (*handle_pause_fn)(void *ctx, uint32_t ms);

/* The handle; tried again after a pause that doubles up to HANDLE_MOST_MS, each failure in the log. While it
 * is tried again care->no_handle counts the thread.
 * gives  one to be closed with store_db_close(); NULL: pause said to stop */
struct db *handle_open(struct care *care, handle_pause_fn pause, void *ctx);
