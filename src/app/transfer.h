// app/transfer.h: `mamori import` and `mamori export`: samples from and to other systems, without a running server.
#pragma once
#include <span>
#include <string>
#include <string_view>

namespace mamori::app {

std::string import_help();
int run_import(std::span<const std::string_view> args);

std::string export_help();
int run_export(std::span<const std::string_view> args);

}  // namespace mamori::app
