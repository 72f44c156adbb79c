"""A retriever that reranks what it finds, at work in a chain."""

# pyright: basic

from langchain_classic.retrievers import ContextualCompressionRetriever
from langchain_core.output_parsers import StrOutputParser
from langchain_core.prompts import ChatPromptTemplate
from langchain_core.runnables import RunnablePassthrough
from langchain_core.vectorstores import InMemoryVectorStore

from langchain_siliconflow import ChatSiliconFlow, SiliconFlowEmbeddings, SiliconFlowRerank
from siliconflow_simulator import local_settings  # empty when SILICONFLOW_API_KEY is set

TEXTS = [
    "Bread rises because yeast makes gas.",
    "Salt slows the yeast down and makes bread taste better.",
    "A sourdough starter needs flour and water every day.",
    "An oven should be hot before the bread goes in.",
    "Cakes rise because of baking powder or beaten eggs.",
]
settings = local_settings()
store = InMemoryVectorStore.from_texts(TEXTS, SiliconFlowEmbeddings(**settings))
retriever = ContextualCompressionRetriever(
    base_retriever=store.as_retriever(search_kwargs={"k": 5}),  # many, by meaning
    base_compressor=SiliconFlowRerank(top_n=2, **settings),  # few, by how well they answer
)
prompt = ChatPromptTemplate.from_template(
    "Answer from these passages:\n\n{passages}\n\nQuestion: {question}"
)
chain = (
    {
        "passages": retriever | (lambda found: "\n\n".join(one.page_content for one in found)),
        "question": RunnablePassthrough(),
    }
    | prompt
    | ChatSiliconFlow(**settings)
    | StrOutputParser()
)
for question in ("Why does bread rise?", "What does salt do to bread?"):
    print(f"{question} {chain.invoke(question)}")
