// SPDX-License-Identifier: BSD-2-Clause
#include "output/html/figure.hpp"

#include <fmt/format.h>

#include "output/html/markup.hpp"
#include "text/numbers.hpp"
#include "util/whole_number.hpp"

namespace acceptscope {
namespace {

constexpr std::size_t kTimeMarks = 10;

std::string date_text(Instant instant) {
  return instant_text(instant).substr(0, std::string_view("2024-05-01").size());
}

}  // namespace

std::string figure(Ids& ids, FigureSize size, double height, const FigureWords& words, std::string_view drawing,
                   std::string_view legend) {
  const std::string id = ids.next();
  const bool wide = size == FigureSize::wide;
  const std::string title = html_escape(ids.titled(words.title));
  const std::string service = html_escape(words.service);
  std::string html = fmt::format("<figure class=\"{}\">\n<figcaption><h3>{}</h3>", wide ? "wide" : "small", title);
  if (!words.note.empty()) html += fmt::format("<p>{}</p>", html_escape(words.note));
  html += legend;
  html += "</figcaption>\n";
  if (wide)
    html +=
        fmt::format("<div class=\"scroll\" role=\"region\" tabindex=\"0\" aria-label=\"{}, {}\">\n", title, service);
  html += fmt::format(
      "<svg viewBox=\"0 0 {} {}\" role=\"img\" aria-labelledby=\"{}t {}d\">\n<title id=\"{}t\">{}, {}</title>"
      "<desc id=\"{}d\">{}</desc>\n{}</svg>\n",
      coordinate(wide ? kWide : kSmall), coordinate(height), id, id, id, title, service, id, html_escape(words.summary),
      drawing);
  if (wide) html += "</div>\n";
  return html + "</figure>\n";
}

std::string no_figure(const Ids& ids, std::string_view title, std::string_view why) {
  return fmt::format("<p class=\"none\"><strong>{}</strong>: {}</p>\n", html_escape(ids.titled(title)),
                     html_escape(why));
}

std::string key_entry(KeySign sign, std::string_view css_class, std::string_view text) {
  const auto drawn = [&] {
    switch (sign) {
      case KeySign::box: return fmt::format("<rect width=\"16\" height=\"12\" class=\"{}\"/>", css_class);
      case KeySign::bar: return fmt::format("<rect y=\"3\" width=\"16\" height=\"6\" class=\"{}\"/>", css_class);
      case KeySign::line: return fmt::format("<path d=\"M0 6H16\" class=\"{}\"/>", css_class);
    }
    return std::string();
  };
  return fmt::format("<li><svg viewBox=\"0 0 16 12\" aria-hidden=\"true\">{}</svg>{}</li>", drawn(), html_escape(text));
}

std::string key_of(std::string_view name, std::string_view entries) {
  return fmt::format("<ul class=\"key\" aria-label=\"{}\">{}</ul>", name, entries);
}

std::string svg_text(double x, double y, std::string_view text, std::string_view anchor, std::string_view css_class) {
  return fmt::format("<text x=\"{}\" y=\"{}\" class=\"{}\" text-anchor=\"{}\">{}</text>\n", coordinate(x),
                     coordinate(y), css_class, anchor, html_escape(text));
}

std::string svg_line(double x1, double y1, double x2, double y2, std::string_view css_class) {
  return fmt::format("<line x1=\"{}\" y1=\"{}\" x2=\"{}\" y2=\"{}\" class=\"{}\"/>\n", coordinate(x1), coordinate(y1),
                     coordinate(x2), coordinate(y2), css_class);
}

std::string svg_rect(double x, double y, double width, double height, std::string_view css_class,
                     std::string_view title) {
  std::string svg = fmt::format("<rect x=\"{}\" y=\"{}\" width=\"{}\" height=\"{}\" class=\"{}\"", coordinate(x),
                                coordinate(y), coordinate(width), coordinate(height), css_class);
  if (title.empty()) return svg + "/>\n";
  return svg + fmt::format("><title>{}</title></rect>\n", html_escape(title));
}

std::string time_axis(const Plot& plot, const TimeAxis& axis) {
  std::string svg = svg_line(plot.left, plot.bottom(), plot.right(), plot.bottom(), "axis");
  const std::vector<Instant> marks = axis.marks(kTimeMarks);
  const bool tenths = marks.size() > 1 && marks[1] - marks[0] < std::chrono::seconds{1};
  for (const Instant mark : marks) {
    const double x = plot.left + plot.width * axis.place(mark);
    svg += svg_line(x, plot.bottom(), x, plot.bottom() + 5, "axis");
    svg += svg_text(x, plot.bottom() + 18, clock_text(mark, tenths), "middle");
  }
  return svg +
         svg_text(plot.left + plot.width / 2, plot.bottom() + 36, "time (UTC), " + date_text(axis.from()), "middle");
}

std::string count_axis(const Plot& plot, const std::vector<double>& marks, std::string_view unit, double above) {
  std::string svg;
  for (const double mark : marks) {
    const double y = plot.bottom() - plot.height * mark / marks.back();
    svg += svg_line(plot.left, y, plot.right(), y, mark == 0 ? "axis" : "grid");
    svg += svg_text(plot.left - 6, y + 4, count_text(whole_number(mark)), "end");
  }
  return svg + svg_text(plot.left, plot.top - above, unit);
}

}  // namespace acceptscope
