#include "ingest/metadata_table.h"

#include <gtest/gtest.h>

#include <vector>

namespace mamori::ingest {
namespace {

TEST(MetadataTable, KeepsTheLastWordOnAMetric) {
  MetadataTable table;
  table.set(std::vector<MetadataView>{{"a", "counter", "old", ""}, {"b", "gauge", "", "bytes"}});
  table.set(std::vector<MetadataView>{{"a", "counter", "new", "s"}});
  const auto all = table.all();
  ASSERT_EQ(all.size(), 2u);
  EXPECT_EQ(all.at("a").help, "new");
  EXPECT_EQ(all.at("a").unit, "s");
  EXPECT_EQ(all.at("b").type, "gauge");
}

TEST(MetadataTable, NeverPassesItsBounds) {
  MetadataTable table(2);
  const std::string kana = std::string(MetadataTable::kTextBytesMax - 1, 'x') + "ま";
  table.set(std::vector<MetadataView>{{"a", "", kana, ""}, {"b", "", "", ""}, {"c", "", "", ""}, {"", "", "", ""}});
  table.set(std::vector<MetadataView>{{"a", "counter", kana, ""}});
  const auto all = table.all();
  EXPECT_EQ(all.size(), 2u);
  EXPECT_EQ(table.refused(), 2u);
  EXPECT_EQ(all.at("a").help, std::string(MetadataTable::kTextBytesMax - 1, 'x')) << "no character is cut in two";
  EXPECT_EQ(all.at("a").type, "counter") << "known ones can still change";
}

TEST(MetadataTable, NamesTypesAndFamilies) {
  EXPECT_EQ(metric_type_name(4), "gaugehistogram");
  EXPECT_EQ(metric_type_name(7), "stateset");
  EXPECT_EQ(metric_type_name(8), "unknown");
  EXPECT_EQ(metric_family("a_bucket", "histogram"), "a");
  EXPECT_EQ(metric_family("a_count", "summary"), "a");
  EXPECT_EQ(metric_family("a_count", "counter"), "a_count");
  EXPECT_EQ(metric_family("_sum", "summary"), "_sum");
}

}  // namespace
}  // namespace mamori::ingest
