"""Chunks."""

import streamlit as st

st.title("Chunks")
