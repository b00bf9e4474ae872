/* care/pdf_int.h - what the files that draw pages share. */
#pragma once

#include "care/pdf.h"

#include <cairo-pdf.h>

/* The picture and its shapes within a rectangle of the page. borrows p->jpeg until the page's file ends. */
void pdf_int_picture(cairo_t *cr, const struct pdf_picture *p, double x, double y, double w, double h);
